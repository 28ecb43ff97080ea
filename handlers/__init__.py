"""The middle floor: conversations and words, what a person sees and presses."""
