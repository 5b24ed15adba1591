/** The page's icon: three states of a machine. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path d="M7 16h18" stroke="#64748b" stroke-width="3"/>
<circle cx="6" cy="16" r="5" fill="#64748b"/><circle cx="16" cy="16" r="5" fill="#2563eb"/><circle cx="26" cy="16" r="5" fill="#15803d"/>
</svg>
`;
