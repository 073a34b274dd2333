"""Where: delivery areas as a tree, and pickup points."""
