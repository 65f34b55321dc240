"""How a cell shares its resource blocks among its users in one epoch, in arrays over all cells at once."""
