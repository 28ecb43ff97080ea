"""The top floor: the process that wires, listens, keeps time and delivers."""
