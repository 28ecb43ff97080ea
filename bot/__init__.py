"""The top floor: the process that wires, listens, keeps time and delivers."""

__version__ = "0.1.0"
