"""What a wrong setting raises."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says what would be right."""
