package evidence

// NotesFile is the file of checkpoints, below the folder of recordings.
const NotesFile = notesFile
