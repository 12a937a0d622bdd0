"""The trees of data that a project has recorded: where they lie, whether they are as recorded, and recording them."""
