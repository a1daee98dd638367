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

#include "utils/rel.h"

#include "definitions/attempt.h"
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

typedef struct TriggerAttempt
{
	HeapTuple	(*trigger) (const TriggerData *);
	const TriggerData *data;
	HeapTuple	result;
} TriggerAttempt;

static void
trigger_attempt(void *argument)
{
	TriggerAttempt *attempt = (TriggerAttempt *) argument;

	attempt->result = attempt->trigger(attempt->data);
}

/*
 * Do the work of an INSERT's row trigger in a restore, as pg_dump begins one.
 * One row that cannot be carried out yet, because its metrics are still to
 * come, or ever, because of a column that is gone, must not take all the others
 * of its COPY with it: then it is only recorded, with a warning.
 */
HeapTuple
szn_record_at_least(HeapTuple (*trigger) (const TriggerData *),
					const TriggerData *data)
{
	TriggerAttempt attempt = {trigger, data, NULL};
	ErrorData  *error = szn_attempt(trigger_attempt, &attempt);

	if (error == NULL)
		return attempt.result;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("a row of table \"%s\" was only recorded: %s",
					RelationGetRelationName(data->tg_relation), error->message),
			 errhint("Views come when all is there, or by sessionize.rebuild_views(); sessionize.check_definitions() tells.")));
	return data->tg_trigtuple;
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
