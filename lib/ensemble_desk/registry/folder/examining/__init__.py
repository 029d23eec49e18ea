"""Looking into files of the models folder, each noted before it is opened."""
