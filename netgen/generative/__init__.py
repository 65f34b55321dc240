"""What nodes do to segments: actions, their profiles, and the devices that they run on."""
