"""How useful what is shown is: measured on labelled scenes, and rated by models that do not know the truth."""
