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

## The way back from a page that says why something was not done

astray-back = Go to the board

## Lists: their columns, what is searched for, and how their pages are turned

column-household = Household
column-unit = Unit
column-stands-at = Stands at
column-means = What it means
list-search = Search by name, address or unit
list-search-go = Search
list-pages = Pages of the list
list-first-page = Back to the first
list-next-page = Next 50
list-total = Together

## Households

household-joined = Joined
# Instead of a name or an address that was forgotten.
household-forgotten = Details deleted

## Adoption by day

# $day: a date; $joined and $all: households
chart-told = By { $day }, { $joined } of { $all ->
    [one] 1 household
   *[other] { $all } households
} joined.
chart-table = The same as a table
chart-day = Day
chart-joined = Joined
chart-so-far = So far
