"""Any export of prices or features read into bars or rows."""
