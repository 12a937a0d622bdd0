"""The code's state: what git knows of it. Git is asked, never told to change anything."""
