"""Who gets which waiting ticket."""
