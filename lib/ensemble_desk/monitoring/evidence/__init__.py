"""How one version does: bands, evidence, what is missing to say more."""
