"""Actions by name: the shipped variants, plug-ins, the checker of the contract, and a starting point for new ones."""
