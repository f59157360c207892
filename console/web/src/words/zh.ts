// All words of the screens in one language: one file to fetch.
const parts = import.meta.glob<Record<string, string>>('./*.zh.json', { eager: true, import: 'default' });

export default Object.assign({}, ...Object.values(parts)) as Record<string, string>;
