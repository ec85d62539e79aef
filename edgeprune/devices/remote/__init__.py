"""A machine behind a line that runs shell scripts and carries files, such as adb or ssh."""
