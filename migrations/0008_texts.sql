-- Why a text did not go: reasons that e-mail does not have.

-- The number.
ALTER TYPE attempt_reason ADD VALUE 'number_unknown';
ALTER TYPE attempt_reason ADD VALUE 'number_not_mobile';
ALTER TYPE attempt_reason ADD VALUE 'number_out_of_reach';
ALTER TYPE attempt_reason ADD VALUE 'phone_unreachable';

-- The recipient's wish: the provider keeps it too, and tells us when we do not know of it yet.
ALTER TYPE attempt_reason ADD VALUE 'opted_out';

-- Us: neither is about any recipient.
ALTER TYPE attempt_reason ADD VALUE 'account_refused';
ALTER TYPE attempt_reason ADD VALUE 'request_refused';

-- Nobody knows: the request was handed over, and the provider says that it failed itself.
ALTER TYPE attempt_reason ADD VALUE 'provider_failed';
