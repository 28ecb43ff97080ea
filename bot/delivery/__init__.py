"""Delivery: lease, render, pace, send, settle."""
