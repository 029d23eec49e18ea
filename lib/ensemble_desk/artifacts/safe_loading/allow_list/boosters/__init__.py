"""Boosters in the allow-list: the trees of XGBoost, LightGBM and CatBoost, read without their libraries."""
