"""Pictures of the demo shop's goods: drawn here, the same in every run, without a font or a photograph."""
