"""Widgets of the notebook: the secrets panel and the prompt that stands in for it. Import the module you need."""
