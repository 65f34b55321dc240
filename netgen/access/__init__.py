"""The last hop by radio: downlinks of cells and cellular networks, and reception of broadcasts, in arrays."""
