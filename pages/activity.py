"""Who did what, newest first, over all keys."""

from ensemble_desk.ui.activity import filters, listing
from ensemble_desk.ui.frame import shell

shell.open_page("Activity")

listing.show(filters.choose())
