package archive

// OSDisk is the operating system's file system below a folder, which is made if
// it is missing.
func OSDisk(root string) (Disk, error) { return nil, ErrClosed }
