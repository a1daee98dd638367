/*-------------------------------------------------------------------------
 *
 * soundness.c
 *	  Definitions that are not sound, or not yet.
 *
 * What the catalog tables hold may have no meaning for a while: a column of
 * the source was renamed in spite of the views, or a restore has brought one
 * row but not yet the next.  Then what is written is recorded with a warning,
 * and the views stay as they are.  Callers are connected to SPI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "definitions/soundness.h"

/*
 * A definition can be unsound, because a column of its source was renamed or
 * dropped in spite of the views.  Then its texts can be corrected one by one.
 */
bool
szn_is_unsound(const SznCatalogRow *row)
{
	SznCatalogRow copy = *row;

	copy.definition.source = szn_resolve_source(row);
	return OidIsValid(copy.definition.source) &&
		szn_try_to_parse(&copy.definition, &row->definition,
						 szn_effective_owner(row)) != NULL;
}

/* Is it worth while to parse?  If not, the error becomes a warning. */
bool
szn_will_parse(const SznDefinition *definition, const SznDefinition *stored,
			   Oid owner, bool was_unsound)
{
	SznDefinition copy = *definition;
	ErrorData  *error;

	if (!was_unsound)
		return true;			/* or else an error */
	error = szn_try_to_parse(&copy, stored, owner);
	if (error != NULL)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("session \"%s\" is not sound yet: %s",
						definition->name, error->message),
				 errhint("Its views stay as they are. Call sessionize.check_definitions().")));
	return error == NULL;
}

/*
 * Does a row that arrives name a column that may be a metric still to come,
 * as in a restore?  Then there is a warning.  In "keep" and session filters it
 * is a metric of the session; anywhere else, one of the session whose view is
 * the source, and the definition could not be parsed at all.
 */
bool
szn_awaits_metrics(SznDefinition *definition, const SznDefinition *stored,
				   Oid owner, bool *parsed)
{
	SznDefinition copy = *definition;
	ErrorData  *error = szn_try_to_parse(&copy, stored, owner);
	ErrorData  *other_error;
	char	   *keep = definition->keep;
	List	   *session_filters = NIL;
	ListCell   *cell;
	ListCell   *filter;

	if (error == NULL || error->sqlerrcode != ERRCODE_UNDEFINED_COLUMN)
		return false;

	definition->keep = NULL;
	foreach(cell, definition->metrics)
	{
		SznMetric  *metric = (SznMetric *) lfirst(cell);

		session_filters = lappend(session_filters, metric->session_filter);
		metric->session_filter = NULL;
	}
	other_error = szn_try_to_parse(definition, stored, owner);
	definition->keep = keep;
	forboth(cell, definition->metrics, filter, session_filters)
		((SznMetric *) lfirst(cell))->session_filter = (char *) lfirst(filter);

	if (other_error != NULL &&
		(other_error->sqlerrcode != ERRCODE_UNDEFINED_COLUMN ||
		 !OidIsValid(szn_source_of_view(definition->source))))
		return false;
	*parsed = other_error == NULL;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("session \"%s\" is not sound yet: %s",
					definition->name, error->message),
			 errhint("Call sessionize.rebuild_views() when all metrics are there.")));
	return true;
}

void
szn_warn_no_source(const SznCatalogRow *row)
{
	ereport(WARNING,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("source %s of session \"%s\" does not exist",
					row->source, row->definition.name),
			 errhint("Call sessionize.rebuild_views() when it does.")));
}
