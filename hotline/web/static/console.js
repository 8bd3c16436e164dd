// The console: keeps an open page as fresh as the queue.
