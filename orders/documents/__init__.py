"""What an order leaves on paper: invoices, receipts, credit notes, packing slips."""
