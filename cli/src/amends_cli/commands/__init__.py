"""The commands of CONTRACT §7, one module for each."""
