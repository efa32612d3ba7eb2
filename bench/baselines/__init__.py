"""Agents as others write them, to be measured beside ours. Honest: they do nothing that a tutorial would not do."""
