"""From an upload to its members: archives, folders, single files, within budgets."""
