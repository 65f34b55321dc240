"""Training of the shipped networks from photographs: moving clips, coded pairs, one loop, one evaluation."""
