"""The radio epoch of a cellular network: path gain and SINR of all users and sectors, and handover."""
