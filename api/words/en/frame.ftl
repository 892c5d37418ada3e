# What stands around every page.

menu = Board
menu-skip = Skip to the content
menu-overview = Overview
menu-invite = Invite
menu-households = Households
menu-passes = Passes
menu-requests = Requests
menu-settings = Settings
menu-sign-out = Sign out

pages = Pages

nothing-here = There is nothing here
nothing-here-why = This address leads nowhere in your community.

## What several pages share

what-it-means = What it means
details-deleted = Details deleted
