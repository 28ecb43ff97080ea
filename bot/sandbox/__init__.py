"""A local Telegram: as strict as the real one, for demonstrations and tests."""
