"""What operators need: health, figures, checks of the set-up, backup and restore."""
