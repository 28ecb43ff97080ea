"""The ground floor: data, rules and queries, and who may see what."""
