"""Commands that measure raters and what rating brings: on held-out scenes, on actions, and in simulations."""
