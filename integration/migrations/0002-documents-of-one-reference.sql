-- Every document that the ERP has under our reference, as it was told last; the row itself says which stands for ours.
alter table erp_document add column documents jsonb not null default '[]';
