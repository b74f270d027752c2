"""Rules as plans: taken apart once, freed of what others say, and joined against columns."""
