"""``Pipfile.lock``: reading it, and whether it still belongs to its ``Pipfile``; selecting is the filter that formats share."""
