"""A whole Amends on one machine: its data folder, its processes, and who looks after them."""
