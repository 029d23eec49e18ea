"""Families of scikit-learn's estimators in the allow-list: what each must hold before anything is predicted with it."""
