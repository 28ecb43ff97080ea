"""Speed, measured against what one would write first, in the same run."""
