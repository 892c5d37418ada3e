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

## Why a leader’s decision about a message was not carried out

obstacle-settled = There is nothing to decide here any more. Nothing was changed.
obstacle-repeated = It was sent again already, and that stays so. Nothing was changed.
obstacle-batch-cancelled = The rest of its batch was cancelled: nothing more of it is sent. Nothing was sent; leave it, or invite the household with another list.
obstacle-too-late = Its batch was not to send anything after a time that has passed. Nothing was sent; leave it, or invite the household with another list.
obstacle-revoked = Its invitation was cancelled. Nothing was sent; leave it.
obstacle-replaced = Its access code was replaced by another. Nothing was sent; leave it.
obstacle-expired = Its invitation has expired. Nothing was sent; leave it, and invite the household with another list.
obstacle-erased = The address was deleted, as its owner wished. Nothing was sent; leave it.
obstacle-suppressed = We were asked not to write there any more. Nothing was sent; leave it, and talk to the household in person.
obstacle-another-goes = Another list has written there within a day, or is about to. Nothing was sent; look what becomes of that one, or leave this.
obstacle-too-often = Five messages of this invitation went there already, which is the most. Nothing was sent; leave it.
obstacle-not-set-up = Texts are not set up on this installation. Nothing was sent.

## Households that nobody gave a name

household-nameless = A household without a name
