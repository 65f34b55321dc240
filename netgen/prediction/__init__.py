"""Predictors of broadcast reception: what the broadcast core expects of each user's near future."""
