"""Packet trains over links: FIFO queues as array recursions, computed only when somebody asks."""
